#include "reconciler/base/openssl.hpp"

#include <openssl/crypto.h>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/sealed.hpp"

namespace reconciler {

void ignore_openssl_configuration() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
}

AlgorithmsAhead::AlgorithmsAhead()
    : thread_([] {
        static_cast<void>(keyed_digest("", ""));
        // It opens with no key: looking for the cipher is all that is wanted.
        static_cast<void>(unseal({std::string(32, '\0')}, "", {std::string(64, '\0')}));
      }) {}

}  // namespace reconciler
