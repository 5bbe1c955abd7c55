# What is installed where (FHS), and the Debian package. `cmake --install`, `make package`.
#
# The program finds its helpers in ../libexec/weir and its settings in /etc/weir; the settings that
# are installed are those of conf/ with the state directory of a package.
include(GNUInstallDirs)
set(WEIR_ETC /etc/weir)

install(TARGETS weir RUNTIME DESTINATION bin)
install(TARGETS weir-sign weir-scan weir-feeds weir-detonate RUNTIME DESTINATION libexec/weir)

file(READ ${CMAKE_SOURCE_DIR}/conf/weir.yaml settings)
string(REPLACE "state_dir: ../state   " "state_dir: /var/lib/weir" settings "${settings}")
if(NOT settings MATCHES "state_dir: /var/lib/weir")
  message(FATAL_ERROR "conf/weir.yaml: no line with state_dir to set for a package")
endif()
file(WRITE ${CMAKE_BINARY_DIR}/package/weir.yaml "${settings}")

# The sandbox is a service of its own, with options that the gateway must not have.
file(READ ${CMAKE_SOURCE_DIR}/conf/sandbox.yaml sandboxes)
string(REPLACE "start: true          # weir starts it, and again when it ends"
  "start: false         # weir-detonate.service\n    socket: /run/weir-detonate/socket"
  sandboxes "${sandboxes}")
if(NOT sandboxes MATCHES "socket: /run/weir-detonate/socket")
  message(FATAL_ERROR "conf/sandbox.yaml: no line that starts the worker, to change for a package")
endif()
file(WRITE ${CMAKE_BINARY_DIR}/package/sandbox.yaml "${sandboxes}")

install(FILES ${CMAKE_BINARY_DIR}/package/weir.yaml ${CMAKE_BINARY_DIR}/package/sandbox.yaml
  DESTINATION ${WEIR_ETC})
install(FILES conf/policy.yaml conf/feeds.yaml conf/brands.yaml DESTINATION ${WEIR_ETC})
install(DIRECTORY conf/lists conf/rules conf/sandbox DESTINATION ${WEIR_ETC})
install(FILES conf/systemd/weir.service conf/systemd/weir-detonate.service
  DESTINATION lib/systemd/system)
install(DIRECTORY docs/ DESTINATION share/doc/weir PATTERN images EXCLUDE)
install(FILES conf/grafana/weir.json conf/prometheus/alerts.yaml
  DESTINATION share/doc/weir/monitoring)
install(FILES README.md CHANGELOG.md DESTINATION share/doc/weir)
install(FILES packaging/copyright DESTINATION share/doc/weir)
install(FILES packaging/weir.1 DESTINATION share/man/man1)
install(FILES packaging/completion.bash DESTINATION share/bash-completion/completions RENAME weir)
install(FILES packaging/completion.zsh DESTINATION share/zsh/vendor-completions RENAME _weir)

# Every file below /etc is the administrator's: an upgrade asks before it replaces a changed one.
file(GLOB conffiles RELATIVE ${CMAKE_SOURCE_DIR}/conf
  conf/*.yaml conf/lists/* conf/rules/* conf/sandbox/*)
list(TRANSFORM conffiles PREPEND ${WEIR_ETC}/)
string(REPLACE ";" "\n" conffiles "${conffiles}")
file(WRITE ${CMAKE_BINARY_DIR}/package/conffiles "${conffiles}\n")
set(scripts ${CMAKE_BINARY_DIR}/package/conffiles)
foreach(script postinst prerm postrm)
  list(APPEND scripts ${CMAKE_SOURCE_DIR}/packaging/debian/${script})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME weir)
set(CPACK_PACKAGE_CONTACT "the maintainers of weir <weir@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "secure web gateway that inspects every download")
set(CPACK_PACKAGE_DESCRIPTION "weir is a forward proxy that opens the TLS, looks at every file
 inside in jailed processes, and decides by policy before the file reaches the disk.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR OFF)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "clamav-freshclam, python3, perl")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${scripts})
include(CPack)
