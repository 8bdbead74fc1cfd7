# Bytes of a file as a C++ source, so that a program carries them:
#   cmake -DINPUT=<file> -DOUTPUT=<source> -DHEADER=<header that declares it> -DFUNCTION=<name> -P embed.cmake
# defines std::string_view kp::api::<name>().
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "// Made from docs/openapi.json by cmake/embed.cmake.
#include \"${HEADER}\"

namespace kp::api {

namespace {
constexpr unsigned char bytes[] = {
${bytes}};
}  // namespace

std::string_view ${FUNCTION}() {
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}

}  // namespace kp::api
")
