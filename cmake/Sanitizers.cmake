# ecom_sanitizers: link it to compile and link with what ECOM_SANITIZE names.
set(flags_none "")
# The instrumented code misleads the compiler's analysis of initialisation; the plain builds check it.
set(flags_address -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
set(flags_thread -fsanitize=thread -fno-omit-frame-pointer)

if(NOT DEFINED flags_${ECOM_SANITIZE})
    message(FATAL_ERROR "ECOM_SANITIZE is \"${ECOM_SANITIZE}\"; use none, address or thread")
endif()
add_library(ecom_sanitizers INTERFACE)
target_compile_options(ecom_sanitizers INTERFACE ${flags_${ECOM_SANITIZE}})
target_link_options(ecom_sanitizers INTERFACE ${flags_${ECOM_SANITIZE}})
