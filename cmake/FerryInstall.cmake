# What `make install` and the .deb lay down: bin/ferry, the engines beside it in lib/ferry/engines
# (where the loader looks, seen from the program), documents, man pages and shell completions.

foreach(program ferry ferry-host)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
# The plug-ins that this build made; which ones is decided in cmake/FerryEngines.cmake. Always in
# lib, never in lib/<architecture>: the loader looks there.
install(DIRECTORY ${CMAKE_BINARY_DIR}/bin/engines/ DESTINATION lib/ferry/engines
  FILES_MATCHING PATTERN "ferry-engine-*.so"
  PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)

install(FILES LICENSE NOTICE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md"
  PATTERN "*.svg")
# The licences of what is linked in. Collected when something is installed, since it asks cargo.
install(CODE "execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/notices.py
  ${CMAKE_BINARY_DIR}/THIRD_PARTY_NOTICES COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_BINARY_DIR}/THIRD_PARTY_NOTICES DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Made by the build from the table of commands, when it makes them.
install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} OPTIONAL
  FILES_MATCHING PATTERN "*.1" PATTERN "*.5")
install(FILES ${CMAKE_BINARY_DIR}/completions/ferry.bash RENAME ferry OPTIONAL
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${CMAKE_BINARY_DIR}/completions/_ferry OPTIONAL
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${CMAKE_BINARY_DIR}/completions/ferry.fish OPTIONAL
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

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
# dpkg-shlibdeps would look for the plug-ins' own names among the system's libraries.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/bin/engines)
include(CPack)
