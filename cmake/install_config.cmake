# An install script: the configuration file. One that exists is the administrator's, and stays.
include(${TCPENGINE_SCRIPTS}/install_paths.cmake)
if(NOT EXISTS "$ENV{DESTDIR}${TCPENGINE_CONFIG_DIR}/tcpengined.conf")
  file(INSTALL DESTINATION "${TCPENGINE_CONFIG_DIR}" TYPE FILE FILES ${FILE})
endif()
