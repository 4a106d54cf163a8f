# Run by the build: -DFERRY=program -DOUT=folder; a program for another CPU comes after its emulator,
# as a list. Man pages and shell completions, out of the table of verbs that the program itself has, so
# that none is forgotten.
function(ferry_says file)
  execute_process(COMMAND ${FERRY} completion ${ARGN} OUTPUT_FILE ${file}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${OUT}/man ${OUT}/completions)
file(MAKE_DIRECTORY ${OUT}/man ${OUT}/completions)
ferry_says(${OUT}/completions/ferry.bash bash)
ferry_says(${OUT}/completions/_ferry zsh)
ferry_says(${OUT}/completions/ferry.fish fish)
ferry_says(${OUT}/man/ferry.1 man)
# Its pages are those that the first one refers to.
file(STRINGS ${OUT}/man/ferry.1 lines REGEX "ferry\\\\-[a-z]+")
foreach(line ${lines})
  if(line MATCHES "ferry\\\\-([a-z]+)")
    ferry_says(${OUT}/man/ferry-${CMAKE_MATCH_1}.1 man ${CMAKE_MATCH_1})
  endif()
endforeach()
