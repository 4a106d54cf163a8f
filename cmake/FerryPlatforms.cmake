# The platforms. A new one is one folder under src/platforms and one line here.
ferry_module(platform PATH platforms DEPENDS http)
function(ferry_platform name)
  ferry_module(platform_${name} PATH platforms/${name} DEPENDS platform ${ARGN})
  set(FERRY_PLATFORMS ${FERRY_PLATFORMS} platform_${name} PARENT_SCOPE)
endfunction()

ferry_platform(http)
ferry_platform(knative platform_http)
ferry_platform(azure platform_http)
ferry_platform(openfaas platform_http)
ferry_platform(lambda LIBRARIES ferry_zlib)
ferry_platform(openwhisk package)
