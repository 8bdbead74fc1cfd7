#pragma once

namespace kp::sandbox {

// For std::unique_ptr to what a C library frees with a function: unique_ptr<BIO,
// freed_by<BIO_free_all>>.
template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* it) const {
    Free(it);
  }
};

}  // namespace kp::sandbox
