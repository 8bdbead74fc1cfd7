# A room is a folder with one library. Its link list is the floor plan: what a room does not link,
# it cannot include and link against. Sources and tests are found by folder, so adding a file needs
# no edit here.

# kp_room(<folder> [LINKS <target>...] [PRIVATE <target>...] [TEST_LINKS <target>...]
#         [TESTS_TOGETHER [APART <suite>...]] [PRECOMPILE <header>...])
#   makes library kp_<folder with / as _> from <folder>/*.cpp, and test program test_<...> from
#   tests/<folder>/*.cpp. Each test runs in a process of its own, except with TESTS_TOGETHER: for
#   suites that share something slow to start. Each suite named after APART runs by itself even so,
#   beside the others: those that take long. PRECOMPILE names the heavy <headers> that most files of the
#   room include.
function(kp_room folder)
  cmake_parse_arguments(ARG "TESTS_TOGETHER" "" "LINKS;PRIVATE;TEST_LINKS;APART;PRECOMPILE" ${ARGN})
  string(REPLACE "/" "_" name "${folder}")
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
  if(sources)
    add_library(kp_${name} STATIC ${sources})
    target_include_directories(kp_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(kp_${name} PUBLIC kp_build ${ARG_LINKS} PRIVATE ${ARG_PRIVATE})
    kp_precompile(kp_${name} ${ARG_PRECOMPILE})
  else()
    add_library(kp_${name} INTERFACE)
    target_include_directories(kp_${name} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(kp_${name} INTERFACE kp_build ${ARG_LINKS})
  endif()
  if(KP_TESTS)
    file(GLOB tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${folder}/*.cpp")
    if(tests)
      add_executable(test_${name} ${tests})
      target_link_libraries(test_${name} PRIVATE kp_${name} kp_test_support ${ARG_TEST_LINKS})
      kp_precompile(test_${name} ${ARG_PRECOMPILE} <gtest/gtest.h> <gmock/gmock.h>)
      if(ARG_TESTS_TOGETHER)
        set(others "-")
        foreach(suite ${ARG_APART})
          kp_test_together(${name}.${suite} test_${name} "${suite}.*:*/${suite}.*")
          string(APPEND others "${suite}.*:*/${suite}.*:")
        endforeach()
        kp_test_together(${name} test_${name} "${others}")
      else()
        gtest_discover_tests(test_${name}
          WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
      endif()
    endif()
  endif()
endfunction()

function(kp_test_together name program filter)
  add_test(NAME ${name} COMMAND ${program} "--gtest_filter=${filter}" WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  # A filter that finds nothing is a misspelled one. What takes long begins first.
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 COST 100 FAIL_REGULAR_EXPRESSION "Running 0 tests")
endfunction()

function(kp_precompile target)
  if(KP_PCH)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <chrono> <cstdint> <functional> <map> <memory> <optional> <span> <string>
      <string_view> <unordered_map> <vector> <fmt/format.h> ${ARGN})
  endif()
endfunction()

# kp_program(<folder> <program name> [LINKS <target>...] [PRECOMPILE <header>...])
function(kp_program folder name)
  cmake_parse_arguments(ARG "" "" "LINKS;PRECOMPILE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
  if(sources)
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE kp_build ${ARG_LINKS})
    kp_precompile(${name} ${ARG_PRECOMPILE})
  endif()
endfunction()

# kp_embed(<target> <file> <header> <namespace> <function>)
#   gives the target the file's bytes as std::string_view <namespace>::<function>(), which <header>
#   declares.
function(kp_embed target file header namespace function)
  string(MAKE_C_IDENTIFIER "${file}" stem)
  set(source "${PROJECT_BINARY_DIR}/embedded/${target}_${stem}.cpp")
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed.cmake")
  add_custom_command(OUTPUT "${source}"
    COMMAND ${CMAKE_COMMAND} "-DINPUT=${PROJECT_SOURCE_DIR}/${file}" "-DOUTPUT=${source}" -DHEADER=${header}
      -DFUNCTION=${function} -DNAMESPACE=${namespace} -P "${script}"
    DEPENDS "${PROJECT_SOURCE_DIR}/${file}" "${script}" VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()
