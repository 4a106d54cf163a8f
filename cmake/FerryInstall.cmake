# What `make install` and the .deb lay down: bin/ferry, the engines beside it in lib/ferry/engines
# (where the loader looks, seen from the program), documents, man pages and shell completions.

# All that is installed, and no tests: `make build`.
add_custom_target(programs)
foreach(program ferry ferry-host ferry-host-full)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    add_dependencies(programs ${program})
  endif()
endforeach()
# The engines install themselves (cmake/FerryEngines.cmake).
# The host programs for arm64, where `make arm64` and `make arm64-ferry` put them.
install(DIRECTORY ${CMAKE_BINARY_DIR}/bin/arm64 DESTINATION lib/ferry OPTIONAL
  USE_SOURCE_PERMISSIONS)

install(FILES LICENSE NOTICE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md"
  PATTERN "*.svg")
# The licences of what is linked in. Collected when something is installed, since it asks cargo.
get_property(plugins GLOBAL PROPERTY FERRY_ENGINE_PLUGINS)
list(TRANSFORM plugins REPLACE "^ferry_engine_" "" OUTPUT_VARIABLE engines)
list(JOIN engines " " engines)
install(CODE "execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/notices.py
  ${CMAKE_BINARY_DIR}/THIRD_PARTY_NOTICES ${engines} COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_BINARY_DIR}/THIRD_PARTY_NOTICES DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Man pages and completions.
set(made ${CMAKE_BINARY_DIR}/manuals)
add_custom_command(OUTPUT ${made}/man/ferry.1
  COMMAND ${CMAKE_COMMAND} "-DFERRY=${CMAKE_CROSSCOMPILING_EMULATOR};$<TARGET_FILE:ferry>"
    -DOUT=${made} -P ${PROJECT_SOURCE_DIR}/cmake/MakeManuals.cmake
  DEPENDS ferry ${PROJECT_SOURCE_DIR}/cmake/MakeManuals.cmake
  COMMENT "Man pages and shell completions" VERBATIM)
add_custom_target(manuals ALL DEPENDS ${made}/man/ferry.1)
install(DIRECTORY ${made}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${made}/completions/ferry.bash RENAME ferry
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
# zsh looks in the first below /usr/local, and Debian's in the second below /usr.
foreach(folder site-functions vendor-completions)
  install(FILES ${made}/completions/_ferry DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/${folder})
endforeach()
install(FILES ${made}/completions/ferry.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

add_dependencies(programs manuals ${plugins})

# What is packed is built by the targets of the Makefile; tests are no part of it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ferry)
set(CPACK_PACKAGE_VENDOR "the ferry authors")
set(CPACK_PACKAGE_CONTACT "the ferry authors")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# ferry deploy loads curl, snapshots of commands are made with wasm-opt, and lucet runs ld.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libcurl4, binaryen, binutils")
if(CMAKE_CROSSCOMPILING)  # dpkg-shlibdeps knows the packages of this machine alone
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.34), libgcc-s1 (>= 4.5), libstdc++6 (>= 12)")
endif()
# dpkg-shlibdeps would look for the plug-ins' own names among the system's libraries.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/bin/engines)
include(CPack)
