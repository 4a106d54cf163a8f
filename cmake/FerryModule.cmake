# One target per module. A module sees the headers of what it names in DEPENDS and of nothing
# else: headers are reached through one link farm a module (<build>/inc/<module>), so that an
# #include against the direction of design fails to compile, not only to link.

# ferry_module(NAME [PATH dir-under-src] [DEPENDS modules…] [PRIVATE_DEPENDS modules…]
#              [LIBRARIES targets…])
# PRIVATE_DEPENDS: modules that its sources use and its headers do not.
# All *.cc in the folder belong to it, except those named *_main.cc.
function(ferry_module name)
  cmake_parse_arguments(M "" "PATH" "DEPENDS;PRIVATE_DEPENDS;LIBRARIES" ${ARGN})
  if(NOT M_PATH)
    set(M_PATH ${name})
  endif()
  set(dir ${PROJECT_SOURCE_DIR}/src/${M_PATH})
  set(farm ${CMAKE_BINARY_DIR}/inc/${name})
  get_filename_component(parent ${farm}/${M_PATH} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${dir} ${farm}/${M_PATH} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_main\\.cc$")
  if(NOT sources)
    file(WRITE ${CMAKE_BINARY_DIR}/empty.cc "")
    set(sources ${CMAKE_BINARY_DIR}/empty.cc)
  endif()
  add_library(ferry_${name} STATIC ${sources})
  target_include_directories(ferry_${name} PUBLIC ${farm})
  list(TRANSFORM M_DEPENDS PREPEND ferry_)
  list(TRANSFORM M_PRIVATE_DEPENDS PREPEND ferry_)
  target_link_libraries(ferry_${name} PUBLIC ${M_DEPENDS} ${M_LIBRARIES}
    PRIVATE ${M_PRIVATE_DEPENDS} ferry_flags)
  set_target_properties(ferry_${name} PROPERTIES UNITY_BUILD ${FERRY_UNITY}
    UNITY_BUILD_BATCH_SIZE 0)
endfunction()

# ferry_test(NAME DEPENDS modules… [LIBRARIES targets…]): tests/<NAME>/*_test.cc as one program.
# Other *.cc files of the folder are its helpers.
function(ferry_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "DEPENDS;LIBRARIES;ENVIRONMENT" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_fuzz\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  list(TRANSFORM T_DEPENDS PREPEND ferry_)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE ${T_DEPENDS} ${T_LIBRARIES} ferry_flags test_tree
    GTest::gmock GTest::gtest_main)
  ferry_unoptimised(test_${name})
  set_target_properties(test_${name} PROPERTIES UNITY_BUILD ${FERRY_UNITY}
    UNITY_BUILD_BATCH_SIZE 0)
  include(GoogleTest)
  gtest_discover_tests(test_${name} TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    PROPERTIES TIMEOUT ${T_TIMEOUT} ENVIRONMENT "${T_ENVIRONMENT}")
endfunction()

# ferry_fuzz(NAME SOURCE file DEPENDS modules…): a libFuzzer target; its corpus is
# tests/corpus/<NAME>. Without FERRY_FUZZ the same source is linked to a small driver that runs
# the corpus once, so that every crash ever found is run by every `make test`.
# The target `fuzzers` is all of them, without the tests, and with the one engine that is needed.
add_custom_target(fuzzers)
function(ferry_fuzz name)
  cmake_parse_arguments(F "" "SOURCE" "DEPENDS" ${ARGN})
  list(TRANSFORM F_DEPENDS PREPEND ferry_)
  set(corpus ${PROJECT_SOURCE_DIR}/tests/corpus/${name})
  if(FERRY_FUZZ)
    add_executable(fuzz_${name} ${F_SOURCE})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    if(NOT TARGET corpus_driver)
      add_library(corpus_driver OBJECT ${PROJECT_SOURCE_DIR}/tests/corpus_driver.cc)
      target_link_libraries(corpus_driver PRIVATE ferry_flags)
    endif()
    add_executable(fuzz_${name} ${F_SOURCE})
    target_link_libraries(fuzz_${name} PRIVATE corpus_driver)
    ferry_unoptimised(fuzz_${name})
    add_test(NAME corpus.${name} COMMAND fuzz_${name} ${corpus})
    set_tests_properties(corpus.${name} PROPERTIES TIMEOUT 120)
  endif()
  target_link_libraries(fuzz_${name} PRIVATE ${F_DEPENDS} ferry_flags)
  add_dependencies(fuzzers fuzz_${name})
endfunction()
