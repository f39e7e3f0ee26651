#include "reconciler/base/openssl.hpp"

#include <openssl/crypto.h>

#include <system_error>

#include "reconciler/base/digest.hpp"
#include "reconciler/base/sealed.hpp"

namespace reconciler {
namespace {

void fetch_algorithms() {
  static_cast<void>(keyed_digest("", ""));
  // No key opens it: looking for the cipher is all that is wanted.
  static_cast<void>(unseal({std::string(32, '\0')}, "", {std::string(64, '\0')}));
}

}  // namespace

void prepare_openssl() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
}

AlgorithmsAhead::AlgorithmsAhead() {
  try {
    thread_ = std::jthread(fetch_algorithms);
  } catch (const std::system_error&) {
    // No more threads: they are fetched when they are needed.
  }
}

}  // namespace reconciler
