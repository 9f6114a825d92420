// Rows of features and labels while an aggregate collects them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/state.hpp"
#include "core/forest/features.hpp"

namespace ecom::core {

// A value of one feature as the row has it.
struct FeatureValue {
    bool missing = true;
    double number = 0;
    std::string_view text;
};

class LearnerState final : public State {
public:
    static constexpr std::string_view kKind = "learner_rows";

    // options: as LearnerParams::from takes them, kept as text.
    LearnerState(std::vector<Feature> features, std::string options);

    // values: one a feature. NaN counts as missing; infinities are refused.
    void add(double label, const FeatureValue* values, const Host& host);
    void merge(const LearnerState& other, Host& host);

    // The rows in an order that depends on what they hold only, as good as random.
    TrainingRows rows(Host& host) const;

    const std::vector<Feature>& features() const { return features_; }
    const std::string& options() const { return options_; }
    std::size_t size() const { return labels_.size(); }

    // What the caller keeps to read further rows; not part of the value.
    std::shared_ptr<void> reader;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static LearnerState decode(Reader& in);

private:
    std::size_t held_bytes() const;

    std::vector<Feature> features_;
    std::string options_;
    std::vector<ChunkedVector<double>> columns_;
    std::vector<Categories> categories_;
    ChunkedVector<double> labels_;
};

}  // namespace ecom::core
