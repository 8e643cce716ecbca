# One folder, one library. A folder says what it is and which folders it may know; the compiler settings,
# the test program and the check of its includes follow from that.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(LOCKSTEP_TESTS "Build the tests" ON)
set(LOCKSTEP_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, such as address,undefined")

find_program(LOCKSTEP_CCACHE ccache)
if(LOCKSTEP_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LOCKSTEP_CCACHE})
endif()
find_program(LOCKSTEP_MOLD mold)
if(LOCKSTEP_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
                    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside libstdc++ and Asio for code that is right (GCC bugs 105562, 105329).
  add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow)
else()
  # clang 19 reports libstdc++ 12's own use of get_temporary_buffer inside std::stable_sort.
  add_compile_options(-Wno-deprecated-declarations)
endif()
add_compile_options(-fstack-protector-strong)
if(LOCKSTEP_SANITIZE)
  add_compile_options(-fsanitize=${LOCKSTEP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LOCKSTEP_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g")
add_link_options(-pie -Wl,-z,relro,-z,now)

find_package(Threads REQUIRED)

function(lockstep_common target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE LOCKSTEP_VERSION="${PROJECT_VERSION}")
endfunction()

# lockstep_library(NAME SOURCES a.cc… [DEPS folder-library…] [EXTERNAL imported-target…] [TESTS a_test.cc…]
#                  [TEST_DEPS folder-library…])
#
# DEPS is the folder's arrow: the other folders whose headers it may include (tests/architecture compares).
# EXTERNAL libraries stay inside the folder unless its headers need them. TESTS become one program NAME_test.
function(lockstep_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;EXTERNAL;TESTS;TEST_DEPS" ${ARGN})
  add_library(lockstep_${name} STATIC ${arg_SOURCES})
  lockstep_common(lockstep_${name})
  list(TRANSFORM arg_DEPS PREPEND lockstep_)
  target_link_libraries(lockstep_${name} PUBLIC ${arg_DEPS} PRIVATE ${arg_EXTERNAL} Threads::Threads)
  if(arg_TESTS)
    lockstep_test(${name}_test SOURCES ${arg_TESTS} DEPS ${name} ${arg_TEST_DEPS} EXTERNAL ${arg_EXTERNAL})
  endif()
endfunction()

# lockstep_program(NAME SOURCES main.cc… DEPS folder-library… [EXTERNAL imported-target…])
function(lockstep_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;EXTERNAL" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  lockstep_common(${name})
  list(TRANSFORM arg_DEPS PREPEND lockstep_)
  target_link_libraries(${name} PRIVATE ${arg_DEPS} ${arg_EXTERNAL} Threads::Threads)
endfunction()

# lockstep_test(NAME SOURCES a_test.cc… DEPS folder-library… [EXTERNAL imported-target…] [ARGS arg…] [TIMEOUT s])
function(lockstep_test name)
  if(NOT LOCKSTEP_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS;EXTERNAL;ARGS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  find_package(GTest REQUIRED)
  add_executable(${name} ${arg_SOURCES})
  lockstep_common(${name})
  list(TRANSFORM arg_DEPS PREPEND lockstep_)
  target_link_libraries(${name} PRIVATE ${arg_DEPS} ${arg_EXTERNAL} rapidcheck GTest::gmock GTest::gtest_main
                                        Threads::Threads)
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()
