# cmake -DOUTPUT=FILE -DLIST=FILE -P embed.cmake: writes a C file with the bytes of files. Each line of LIST
# is NAME=PATH.
file(STRINGS ${LIST} lines)
set(arrays "")
set(rows "")
set(number 0)
foreach(line ${lines})
  string(REGEX MATCH "^([^=]+)=(.+)$" found "${line}")
  set(name ${CMAKE_MATCH_1})
  file(READ ${CMAKE_MATCH_2} bytes HEX)
  string(LENGTH "${bytes}" len)
  math(EXPR len "${len} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  # A last 0, so that an empty file is an array as well.
  string(APPEND arrays "static const unsigned char bytes_${number}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", bytes_${number}, ${len}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"page/asset.h\"\n\n${arrays}
static const struct asset all[] = {\n${rows}};

const struct asset *assets(size_t *ret_count)\n{
    *ret_count = sizeof(all) / sizeof(all[0]);
    return all;\n}\n")
