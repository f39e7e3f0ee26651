// How the program uses OpenSSL.
#pragma once

namespace reconciler {

/// To be called before the first digest: openssl.cnf is not read. Who only hashes and seals has
/// nothing to learn from it, an engine named there would be loaded into a process of root, and it
/// is some percent of the time of a look that finds nothing.
void ignore_openssl_configuration();

}  // namespace reconciler
