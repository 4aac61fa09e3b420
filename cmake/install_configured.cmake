include(${CMAKE_CURRENT_LIST_DIR}/install_paths.cmake)

# install_step(COMPONENT SCRIPT [NAME VALUE]...)
#
# Runs a script of this folder when COMPONENT is installed, with the variables given, and with the
# paths of the prefix that is then in force.
function(install_step component script)
  set(settings "")
  set(words TCPENGINE_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake PROJECT_VERSION ${PROJECT_VERSION} ${ARGN})
  foreach(folder BINDIR SBINDIR LIBDIR INCLUDEDIR SYSCONFDIR)
    list(APPEND words CMAKE_INSTALL_${folder} ${CMAKE_INSTALL_${folder}})
  endforeach()
  while(words)
    list(POP_FRONT words name value)
    string(APPEND settings "set(${name} [==[${value}]==])\n")
  endwhile()
  install(CODE "${settings}include([==[${PROJECT_SOURCE_DIR}/cmake/${script}.cmake]==])"
    COMPONENT ${component})
endfunction()

# install_configured(COMPONENT TEMPLATE DESTINATION NAME [VARIABLE VALUE]...)
#
# Installs TEMPLATE as DESTINATION/NAME, with each @TCPENGINE_...@ in it replaced by what is true for
# the prefix that is in force when installing. The same, for the prefix given so far, is in the
# build folder.
function(install_configured component template destination name)
  configure_file(${template} ${CMAKE_CURRENT_BINARY_DIR}/${name} @ONLY)
  install_step(${component} install_template
    TEMPLATE ${CMAKE_CURRENT_SOURCE_DIR}/${template} DESTINATION ${destination} NAME ${name}
    STAGE ${CMAKE_CURRENT_BINARY_DIR}/installed ${ARGN})
endfunction()
