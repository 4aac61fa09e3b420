# An install script: the configuration file. One that exists is the administrator's, and stays; so it
# is not in the list of installed files either.
include(${TCPENGINE_SCRIPTS}/install_paths.cmake)
set(folder "$ENV{DESTDIR}${TCPENGINE_CONFIG_DIR}")
if(NOT EXISTS "${folder}/tcpengined.conf")
  message(STATUS "Installing: ${folder}/tcpengined.conf")
  file(COPY ${FILE} DESTINATION "${folder}")
endif()
