# An install script, the first of all: builds what is missing of what will be installed. Nothing is
# copied unless all of it is there.
include(${TCPENGINE_SCRIPTS}/install_paths.cmake)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} --parallel --target tcpengine_installed
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "building failed; nothing was installed\n${output}")
endif()
