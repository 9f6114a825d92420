# One libFuzzer program for each file of test/fuzz, all in the target `fuzzers`. They have a core of
# their own, because coverage feedback has to be compiled in.
set(fuzz_flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)

add_library(ecom_core_fuzz STATIC EXCLUDE_FROM_ALL ${core_sources})
target_link_libraries(ecom_core_fuzz PUBLIC ecom_core_options)
target_compile_options(ecom_core_fuzz PUBLIC ${fuzz_flags} -fsanitize=fuzzer-no-link)
target_link_options(ecom_core_fuzz PUBLIC ${fuzz_flags})

add_custom_target(fuzzers)
file(GLOB fuzz_sources CONFIGURE_DEPENDS test/fuzz/*.cpp)
foreach(source ${fuzz_sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${source})
    target_include_directories(fuzz_${name} PRIVATE test)
    target_link_libraries(fuzz_${name} PRIVATE ecom_core_fuzz)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${name})
endforeach()
