// The floor: what any program that looks at a project must do, and nothing else. Connects to the
// Engine, asks for the project's containers and for all images, inspects each container over four
// connections, parses every answer and opens a SQLite file. `floor SOCKET PROJECT LEDGER`.
#include <sqlite3.h>

#include <boost/json.hpp>
#include <thread>
#include <vector>

#include "tests/bench/connection.hpp"

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const std::string socket = argv[1];
  bench::Connection first(socket);
  const auto containers = boost::json::parse(first.get(bench::containers_of(argv[2])));
  const auto images = boost::json::parse(first.get("/images/json"));
  std::vector<std::string> ids;
  for (const auto& c : containers.as_array()) ids.emplace_back(c.as_object().at("Id").as_string());
  std::vector<std::thread> threads;
  for (size_t lane = 0; lane < 4 && lane < ids.size(); ++lane)
    threads.emplace_back([&, lane] {
      bench::Connection connection(socket);
      for (size_t i = lane; i < ids.size(); i += 4)
        boost::json::parse(connection.get("/containers/" + ids[i] + "/json"));
    });
  for (auto& thread : threads) thread.join();
  sqlite3* ledger = nullptr;
  sqlite3_open(argv[3], &ledger);
  sqlite3_exec(ledger, "PRAGMA user_version", nullptr, nullptr, nullptr);
  sqlite3_close(ledger);
  std::printf("%zu containers, %zu images\n", ids.size(), images.as_array().size());
  return 0;
}
