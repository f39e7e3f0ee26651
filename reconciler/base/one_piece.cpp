#include "reconciler/base/one_piece.hpp"

#include <algorithm>
#include <functional>
#include <new>

namespace reconciler {

void* Blocks::take(size_t size, size_t align) {
  const size_t at = (used_ + align - 1) / align * align;
  if (!blocks_.empty() && at + size <= blocks_.back().size) {
    used_ = at + size;
    return blocks_.back().bytes.get() + at;
  }
  const size_t bytes = std::max(next_, size);
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(bytes), bytes});
  next_ = 2 * bytes;
  used_ = size;
  return blocks_.back().bytes.get();
}

bool Blocks::holds(const void* place) const {
  const auto* byte = static_cast<const std::byte*>(place);
  return std::any_of(blocks_.begin(), blocks_.end(), [byte](const Block& block) {
    const std::less<> before;
    return !before(byte, block.bytes.get()) && before(byte, block.bytes.get() + block.size);
  });
}

void* OnePiece::do_allocate(std::size_t size, std::size_t align) {
  return blocks_->closed() ? ::operator new(size) : blocks_->take(size, align);
}

void OnePiece::do_deallocate(void* place, std::size_t, std::size_t) {
  if (!blocks_->holds(place)) ::operator delete(place);
}

}  // namespace reconciler
