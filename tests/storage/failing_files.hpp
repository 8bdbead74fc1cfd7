#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

namespace kp::test {

// The files of this machine, until they are told to fail.
class failing_files : public rocksdb::FileSystemWrapper {
 public:
  enum class trouble { none, write_error, sync_error, full, read_only };

  failing_files() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "failing_files"; }

  // From now on, for files whose names end so; empty: all.
  void fail(trouble how, std::string ending = {}) {
    ending_ = std::move(ending);
    how_ = how;
  }
  unsigned syncs() const { return syncs_; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* made,
                                    rocksdb::IODebugContext* debug) override {
    if (struck(name, trouble::read_only))
      return rocksdb::IOStatus::IOError("Read-only file system", name);
    std::unique_ptr<rocksdb::FSWritableFile> real;
    auto status = FileSystemWrapper::NewWritableFile(name, options, &real, debug);
    if (status.ok()) *made = std::make_unique<file>(std::move(real), name, *this);
    return status;
  }

 private:
  bool struck(const std::string& name, trouble by) const {
    return how_ == by && name.ends_with(ending_);
  }

  class file : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    file(std::unique_ptr<rocksdb::FSWritableFile> real, std::string name, failing_files& all)
        : FSWritableFileOwnerWrapper(std::move(real)), name_(std::move(name)), all_(all) {}
    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      const auto status = write_status();
      return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, debug) : status;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& check,
                             rocksdb::IODebugContext* debug) override {
      const auto status = write_status();
      return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, check, debug) : status;
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      const auto status = sync_status();
      return status.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : status;
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      const auto status = sync_status();
      return status.ok() ? FSWritableFileOwnerWrapper::Fsync(options, debug) : status;
    }

   private:
    rocksdb::IOStatus write_status() const {
      if (all_.struck(name_, trouble::write_error))
        return rocksdb::IOStatus::IOError("Input/output error", name_);
      if (all_.struck(name_, trouble::full)) return rocksdb::IOStatus::NoSpace(name_);
      return rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus sync_status() const {
      if (name_.ends_with(".log")) ++all_.syncs_;
      if (all_.struck(name_, trouble::sync_error))
        return rocksdb::IOStatus::IOError("Input/output error while syncing", name_);
      return rocksdb::IOStatus::OK();
    }
    const std::string name_;
    failing_files& all_;
  };

  std::string ending_;
  std::atomic<trouble> how_ = trouble::none;
  std::atomic<unsigned> syncs_ = 0;
};

}  // namespace kp::test
