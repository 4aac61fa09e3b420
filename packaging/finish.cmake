# Runs when what goes into the packages is in place, and before they are made: what Debian wants and
# a plain installation does not need.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The day of the sources, if the caller knows it (SOURCE_DATE_EPOCH); else today.
string(TIMESTAMP DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)

# LICENSE is "TITLE, Copyright (c) YEAR WHO, text"; in Debian's form each line of the text is indented,
# and an empty one is a dot.
file(READ ${CPACK_TCPENGINE_PACKAGING}/../LICENSE text)
string(REGEX MATCH "Copyright \\(c\\) [^\n]*" TCPENGINE_COPYRIGHT "${text}")
string(REGEX REPLACE "^Copyright \\(c\\)" "Copyright:" TCPENGINE_COPYRIGHT "${TCPENGINE_COPYRIGHT}")
string(REGEX REPLACE "^.*Copyright \\(c\\) [^\n]*\n+" "" text "${text}")
string(REGEX REPLACE "\n+$" "" text "${text}")
string(REGEX REPLACE "\n\n" "\n.\n" text "${text}")
string(REPLACE "\n" "\n " TCPENGINE_LICENSE " ${text}")

foreach(PACKAGE ${CPACK_COMPONENTS_ALL})
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${PACKAGE})
  set(doc ${root}/usr/share/doc/${PACKAGE})
  configure_file(${CPACK_TCPENGINE_PACKAGING}/copyright.in ${doc}/copyright @ONLY)
  configure_file(${CPACK_TCPENGINE_PACKAGING}/changelog.in ${doc}/changelog @ONLY)
  file(GLOB pages ${root}/usr/share/man/man*/*.[1-9])
  run(gzip -9nf ${doc}/changelog ${pages})
  # The archives are for linkers, not for debuggers or for the compiler that made them.
  file(GLOB archives ${root}/usr/lib/*.a ${root}/usr/lib/*/*.a)
  if(archives)
    run(strip --strip-debug --enable-deterministic-archives --remove-section=.comment
      --remove-section=.gnu.lto_* --remove-section=.gnu.debuglto_* --strip-symbol=__gnu_lto_v1
      ${archives})
  endif()
endforeach()
