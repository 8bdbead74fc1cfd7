# Bytes of a file as a C++ source, so that a program carries them:
#   cmake -DINPUT=<file> -DOUTPUT=<source> -DHEADER=<header that declares it> -DFUNCTION=<name>
#     [-DNAMESPACE=<namespace, kp::api>] -P embed.cmake
# defines std::string_view <namespace>::<name>().
if(NOT DEFINED NAMESPACE)
  set(NAMESPACE "kp::api")
endif()
get_filename_component(input_name "${INPUT}" NAME)
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "// Made from ${input_name} by cmake/embed.cmake.
#include \"${HEADER}\"

namespace ${NAMESPACE} {

namespace {
constexpr unsigned char bytes[] = {
${bytes}};
}  // namespace

std::string_view ${FUNCTION}() {
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}

}  // namespace ${NAMESPACE}
")
