# Where things are once installed, as absolute paths: TCPENGINE_BINDIR, _SBINDIR, _LIBDIR, _INCLUDEDIR
# and _CONFIG_DIR. Included when configuring, and again by the install scripts, because "cmake
# --install --prefix" and CPack choose the prefix only then.

# Units and pkg-config files divide words at blanks, and give "%" and "$" a meaning.
if(NOT "${CMAKE_INSTALL_PREFIX}" MATCHES "^/[^ \t\n%$\"'\\\\]*$")
  message(FATAL_ERROR "nothing was installed: the prefix must be an absolute path without blanks, "
    "quotes, \\, % and $, not '${CMAKE_INSTALL_PREFIX}'")
endif()
string(REGEX REPLACE "(.)/+$" "\\1" TCPENGINE_PREFIX "${CMAKE_INSTALL_PREFIX}")

foreach(folder BINDIR SBINDIR LIBDIR INCLUDEDIR SYSCONFDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}}")
    set(TCPENGINE_${folder} "${CMAKE_INSTALL_${folder}}")
  else()
    set(TCPENGINE_${folder} "${TCPENGINE_PREFIX}/${CMAKE_INSTALL_${folder}}")
  endif()
endforeach()

# FHS 3.0: configuration of /usr and /usr/local is in /etc (3.7, 4.9), that of /opt/NAME in
# /etc/opt/NAME (3.7.4). Elsewhere it stays below the prefix, like the rest.
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_SYSCONFDIR}")
  if(TCPENGINE_PREFIX MATCHES "^/(usr(/local)?)?$")
    set(TCPENGINE_SYSCONFDIR "/${CMAKE_INSTALL_SYSCONFDIR}")
  elseif(TCPENGINE_PREFIX MATCHES "^/opt/")
    set(TCPENGINE_SYSCONFDIR "/${CMAKE_INSTALL_SYSCONFDIR}${TCPENGINE_PREFIX}")
  endif()
endif()
set(TCPENGINE_CONFIG_DIR "${TCPENGINE_SYSCONFDIR}/tcpengine")
