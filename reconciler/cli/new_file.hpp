// A file that a verb writes where there is none.
#pragma once

#include <string>

#include "reconciler/base/result.hpp"

namespace reconciler::cli {

/// What is to be in it; `note` is what people are told of it.
struct NewFile {
  std::string path;
  std::string content;
  std::string note;
  unsigned mode = 0644;
};

/// With the folders that it lies in; never in the place of another file. `file.unwritable`.
Status create(const NewFile& file);

}  // namespace reconciler::cli
