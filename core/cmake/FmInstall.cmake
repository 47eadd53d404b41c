# `cmake --install build/fast --prefix DIR`: programs, plug-in and resources, found relative to each other, so that DIR may
# be moved. LibTorch stays where it is: the programs are linked against it by its own path.
include(GNUInstallDirs)
set(FM_INSTALLED flashmorph)
if(TARGET flashmorph-workbench)
  list(APPEND FM_INSTALLED flashmorph-workbench)
endif()
set_target_properties(${FM_INSTALLED} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS ${FM_INSTALLED} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET flashmorph_cuda)
  install(TARGETS flashmorph_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(DIRECTORY resources/ DESTINATION ${CMAKE_INSTALL_DATADIR}/flashmorph
  PATTERN "__pycache__" EXCLUDE)
install(FILES LICENSE NOTICE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/flashmorph)
