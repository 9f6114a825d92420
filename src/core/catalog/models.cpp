#include "core/catalog/models.hpp"

#include "core/cluster/kmeans_model.hpp"
#include "core/clv/btyd.hpp"
#include "core/clv/cox.hpp"
#include "core/clv/gamma_gamma.hpp"
#include "core/forecast/method.hpp"
#include "core/recommend/item_model.hpp"
#include "core/forest/linear_model.hpp"
#include "core/forest/tree_model.hpp"
#include "core/forest/uplift_model.hpp"
#include "core/rfm/segments.hpp"
#include "core/stats/calibration.hpp"
#include "core/stats/pca.hpp"
#include "core/stats/preprocessor.hpp"
#include "core/stats/quantile_bins.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

ModelDecoder find_model_decoder(std::string_view kind) {
    if (kind == QuantileBins::kKind) return QuantileBins::decode;
    if (kind == Preprocessor::kKind) return Preprocessor::decode;
    if (kind == CalibrationModel::kKind) return CalibrationModel::decode;
    if (kind == Pca::kKind) return Pca::decode;
    if (kind == KmeansModel::kKind) return KmeansModel::decode;
    if (kind == ItemModel::kKind) return ItemModel::decode;
    if (kind == SegmentRules::kKind) return SegmentRules::decode;
    if (kind == BtydModel::kKind) return BtydModel::decode;
    if (kind == GammaGammaModel::kKind) return GammaGammaModel::decode;
    if (kind == TreeModel::kKind) return TreeModel::decode;
    if (kind == LinearModel::kKind) return LinearModel::decode;
    if (kind == UpliftModel::kKind) return UpliftModel::decode;
    if (kind == CoxModel::kKind) return CoxModel::decode;
    return find_forecaster_decoder(kind);
}

}  // namespace ecom::core
