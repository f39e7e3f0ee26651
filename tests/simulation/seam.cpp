#include "tests/simulation/seam.hpp"

namespace reconciler::simulation {
namespace {

Error unreachable() {
  return error("docker.unreachable", "the Engine does not answer").passing();
}

}  // namespace

class Seam::Before final : public Driver {
 public:
  Before(Seam& seam, std::unique_ptr<Driver> real)
      : seam_(seam), real_(std::move(real)), of_engine_(real_->describe().name != "files") {}
  Description describe() const override { return real_->describe(); }
  Result<Prepared> prepare(const Request& request, const Variables& variables,
                           Deadline deadline) override {
    return look([&] { return real_->prepare(request, variables, deadline); });
  }
  Result<Observation> observe(const EnvironmentId& id, const Json& wanted, const Memory& memory,
                              const Variables& variables, Deadline deadline) override {
    return look([&] { return real_->observe(id, wanted, memory, variables, deadline); });
  }
  Result<Outcome> perform(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    return effect([&] { return real_->perform(attempt, variables, progress, std::move(stop)); });
  }
  Result<Outcome> recover(const Attempt& attempt, const Variables& variables, Progress& progress,
                          std::stop_token stop) override {
    return effect([&] { return real_->recover(attempt, variables, progress, std::move(stop)); });
  }
  Result<SealedRecords> snapshot(const EnvironmentId& id, const Json& wanted,
                                 Deadline deadline) override {
    return look([&] { return real_->snapshot(id, wanted, deadline); });
  }
  Result<Prepared> restore(const Recorded& recorded, Deadline deadline) override {
    return look([&] { return real_->restore(recorded, deadline); });
  }
  std::vector<Finding> check(Deadline deadline) override { return real_->check(deadline); }

 private:
  template <class F>
  std::invoke_result_t<F> look(const F& f) {
    if (seam_.life_.dead()) return failure(died());
    seam_.at_call();
    if (of_engine_ && seam_.is_away()) return failure(unreachable());
    return f();
  }
  template <class F>
  std::invoke_result_t<F> effect(const F& f) {
    if (!seam_.life_.cross()) return failure(died());
    seam_.at_call();
    if (of_engine_ && seam_.is_away()) {
      if (seam_.heard_()) (void)f();
      return failure(unreachable());
    }
    auto done = f();
    if (!seam_.life_.cross()) return failure(died());
    return done;
  }

  Seam& seam_;
  std::unique_ptr<Driver> real_;
  const bool of_engine_;
};

Equip Seam::before(Equip equip) {
  return [this, equip = std::move(equip)](const Place& place, const Ledger& ledger) {
    auto all = equip(place, ledger);
    for (auto& driver : all) driver = std::make_unique<Before>(*this, std::move(driver));
    return all;
  };
}

bool Seam::is_away() {
  if (away_ == 0) return false;
  --away_;
  ++lost_;
  return true;
}

}  // namespace reconciler::simulation
