#include "reconciler/base/openssl.hpp"

#include <openssl/crypto.h>

namespace reconciler {

void ignore_openssl_configuration() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

}  // namespace reconciler
