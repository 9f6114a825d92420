// What turns a score into a probability: fitted on labels and scores, applied to scores later.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/model.hpp"
#include "core/stats/evaluation.hpp"
#include "core/stats/isotonic.hpp"
#include "core/stats/platt.hpp"

namespace ecom::core {

class CalibrationModel final : public Model {
public:
    static constexpr std::string_view kKind = "calibration";

    // Throws kCorruptValue where they are no functions into 0 .. 1.
    CalibrationModel(PlattFunction platt, std::int64_t rows, std::int64_t positives);
    CalibrationModel(IsotonicFunction isotonic, std::int64_t rows, std::int64_t positives);

    double probability(double score) const { return isotonic_.empty() ? platt_(score) : isotonic_(score); }

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    PlattFunction platt_;
    IsotonicFunction isotonic_;  // empty: by Platt's
    std::int64_t rows_, positives_;
};

// levels: not empty.
CalibrationModel fit_platt(const std::vector<ScoreLevel>& levels, Host& host);
CalibrationModel fit_isotonic(const std::vector<ScoreLevel>& levels, Host& host);

}  // namespace ecom::core
