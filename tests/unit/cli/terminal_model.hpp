// What a terminal shows of the bytes that it got: enough of one to be resized in the middle.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/base/columns.hpp"

namespace reconciler::cli {

/// Rows that were wrapped are wrapped anew when it is resized, as terminals in use do. Knows
/// carriage return, newline, cursor up, erase below, wrapping off and on, and colours (which it
/// does not show).
class TerminalModel {
 public:
  explicit TerminalModel(size_t width) : width_(width) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(one(bytes));
  }

  void resize(size_t width) {
    std::vector<Row> lines{{}};
    size_t line_of_cursor = 0;
    size_t column_of_cursor = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto& cells = lines.back().cells;
      if (i == row_) {
        line_of_cursor = lines.size() - 1;
        column_of_cursor = cells.size() + column_;
      }
      cells.insert(cells.end(), rows_[i].cells.begin(), rows_[i].cells.end());
      if (!rows_[i].wrapped && i + 1 < rows_.size()) lines.emplace_back();
    }
    width_ = width;
    rows_.clear();
    for (size_t i = 0; i < lines.size(); ++i) {
      const auto& cells = lines[i].cells;
      size_t at = 0;
      do {
        const size_t n = std::min(width_, cells.size() - at);
        if (i == line_of_cursor && column_of_cursor >= at && column_of_cursor <= at + width_) {
          row_ = rows_.size();
          column_ = column_of_cursor - at;
        }
        rows_.push_back({{cells.begin() + static_cast<std::ptrdiff_t>(at),
                          cells.begin() + static_cast<std::ptrdiff_t>(at + n)},
                         at + n < cells.size()});
        at += n;
      } while (at < cells.size());
    }
  }

  /// Without blanks at the ends of its rows, and empty rows at its end.
  std::string shown() const {
    std::string out;
    for (const auto& row : rows_) {
      std::string text;
      for (const auto& cell : row.cells) text += cell;
      while (text.ends_with(' ')) text.pop_back();
      out += text + "\n";
    }
    while (out.ends_with("\n\n")) out.pop_back();
    return out == "\n" ? "" : out;
  }

 private:
  struct Row {
    std::vector<std::string> cells;
    bool wrapped = false;
  };

  size_t one(std::string_view bytes) {
    if (bytes[0] == '\r') {
      column_ = 0;
      return 1;
    }
    if (bytes[0] == '\n') {
      column_ = 0;
      next_row();
      return 1;
    }
    if (bytes[0] == '\x1b') return sequence(bytes);
    size_t n = 1;
    while (n < bytes.size() && (static_cast<unsigned char>(bytes[n]) & 0xC0U) == 0x80U) ++n;
    put(std::string(bytes.substr(0, n)));
    return n;
  }

  void put(const std::string& character) {
    if (column_ == width_ && !wraps_) --column_;
    if (column_ == width_) {
      rows_[row_].wrapped = true;
      column_ = 0;
      next_row();
    }
    auto& cells = rows_[row_].cells;
    if (cells.size() <= column_) cells.resize(column_ + 1, " ");
    cells[column_++] = character;
  }

  void next_row() {
    if (++row_ == rows_.size()) rows_.emplace_back();
  }

  size_t sequence(std::string_view bytes) {
    const size_t end = bytes.find_first_not_of("?0123456789;", 2);
    const std::string number(bytes.substr(2, end - 2));
    if (bytes[end] == 'A') row_ -= std::min<size_t>(row_, number.empty() ? 1 : std::stoul(number));
    if (bytes[end] == 'J') {
      rows_.resize(row_ + 1);
      if (rows_[row_].cells.size() > column_) rows_[row_].cells.resize(column_);
      rows_[row_].wrapped = false;
    }
    if (number == "?7") wraps_ = bytes[end] == 'h';
    return end + 1;
  }

  size_t width_;
  std::vector<Row> rows_{1};
  size_t row_ = 0;
  size_t column_ = 0;
  bool wraps_ = true;
};

}  // namespace reconciler::cli
