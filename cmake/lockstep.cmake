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

set(can_fuzz OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND LOCKSTEP_SANITIZE MATCHES "address")
  set(can_fuzz ON)
endif()
option(LOCKSTEP_FUZZ "Build the fuzz targets with libFuzzer, which needs clang and the address sanitizer" ${can_fuzz})

find_program(LOCKSTEP_CCACHE ccache)
if(LOCKSTEP_CCACHE)
  # What was compiled in one clone is known in every other.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                  ${LOCKSTEP_CCACHE})
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

# lockstep_fuzz(NAME SOURCES fuzz.cc… DEPS folder-library… CORPUS folder [EXTERNAL imported-target…] [RUNS n]
#               [LENGTH bytes] [WORDS dictionary])
#
# A program around LLVMFuzzerTestOneInput. Under clang with the address sanitizer it is a libFuzzer, and the test
# NAME tries RUNS inputs that grow from the files in CORPUS; the libraries in DEPS are instrumented for it. Other
# compilers know no libFuzzer: there the test reads the files in CORPUS once. What a fuzzer found goes into CORPUS.
# By hand: build/asan/bin/NAME -max_total_time=600 some/folder tests/fuzz/CORPUS
function(lockstep_fuzz name)
  if(NOT LOCKSTEP_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "CORPUS;RUNS;LENGTH;WORDS" "SOURCES;DEPS;EXTERNAL" ${ARGN})
  if(NOT arg_RUNS)
    set(arg_RUNS 20000)
  endif()
  if(NOT arg_LENGTH)
    set(arg_LENGTH 2048)
  endif()
  get_filename_component(corpus ${arg_CORPUS} ABSOLUTE)
  set(words)
  if(arg_WORDS)
    get_filename_component(arg_WORDS ${arg_WORDS} ABSOLUTE)
    set(words "-dict='${arg_WORDS}'")
  endif()
  set(sources ${arg_SOURCES})
  set(dependencies ${arg_DEPS})
  list(TRANSFORM dependencies PREPEND lockstep_)
  if(LOCKSTEP_FUZZ)
    set(found ${CMAKE_BINARY_DIR}/fuzz/${name})
    set(command sh -c "rm -rf '${found}' && mkdir -p '${found}' && exec $<TARGET_FILE:${name}> -runs=${arg_RUNS} \
-seed=1 -max_len=${arg_LENGTH} -timeout=20 -rss_limit_mb=3000 -verbosity=1 -artifact_prefix='${found}/' ${words} \
'${found}' '${corpus}'")
    foreach(dependency ${dependencies})
      get_target_property(is_instrumented ${dependency} LOCKSTEP_FUZZED)
      if(NOT is_instrumented)
        target_compile_options(${dependency} PRIVATE -fsanitize=fuzzer-no-link)
        set_target_properties(${dependency} PROPERTIES LOCKSTEP_FUZZED ON)
      endif()
    endforeach()
  else()
    list(APPEND sources ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.cc)
    set(command ${name} ${corpus})
  endif()
  add_executable(${name} ${sources})
  lockstep_common(${name})
  target_link_libraries(${name} PRIVATE ${dependencies} ${arg_EXTERNAL} Threads::Threads)
  if(LOCKSTEP_FUZZ)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endif()
  add_test(NAME ${name} COMMAND ${command})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()
