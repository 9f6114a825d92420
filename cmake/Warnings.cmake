# ecom_warnings: link it to compile with the project's warnings.
add_library(ecom_warnings INTERFACE)
target_compile_options(ecom_warnings INTERFACE -Wall -Wextra)
if(ECOM_WERROR)
    target_compile_options(ecom_warnings INTERFACE -Werror)
endif()
