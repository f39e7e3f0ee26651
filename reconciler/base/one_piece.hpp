// Memory for the values of one parsed document.
#pragma once

#include <boost/json/memory_resource.hpp>
#include <cstddef>
#include <memory>
#include <vector>

namespace reconciler {

/// Memory that is given out in a few large blocks, by one thread, until it is closed. Not freed
/// before it goes itself.
class Blocks {
 public:
  explicit Blocks(size_t first) : next_(first) {}
  void* take(size_t size, size_t align);
  bool holds(const void* place) const;
  bool closed() const { return closed_; }
  void close() { closed_ = true; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t used_ = 0;  ///< of the last one
  size_t next_;      ///< the size of the next one
  bool closed_ = false;
};

/// What a document is parsed into. Whoever copies a value of it goes on to allocate from it, from
/// whatever thread: once `blocks` are closed that is ordinary memory, and nothing of it is changed
/// any more.
class OnePiece final : public boost::json::memory_resource {
 public:
  explicit OnePiece(std::shared_ptr<Blocks> blocks) : blocks_(std::move(blocks)) {}

 private:
  void* do_allocate(std::size_t size, std::size_t align) override;
  void do_deallocate(void* place, std::size_t size, std::size_t align) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::shared_ptr<Blocks> blocks_;
};

}  // namespace reconciler
