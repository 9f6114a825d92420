# One libFuzzer program for each file of test/fuzz, all in the target `fuzzers`. Coverage feedback is
# compiled into the core, which the unit tests of the same build use as it is.
target_compile_options(ecom_core PUBLIC -fsanitize=fuzzer-no-link)

add_custom_target(fuzzers)
file(GLOB fuzz_sources CONFIGURE_DEPENDS test/fuzz/*.cpp)
foreach(source ${fuzz_sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${source})
    target_include_directories(fuzz_${name} PRIVATE test)
    target_link_libraries(fuzz_${name} PRIVATE ecom_core)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${name})
endforeach()
