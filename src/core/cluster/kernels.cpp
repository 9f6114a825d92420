#include "core/cluster/kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

#define ECOM_INLINE inline __attribute__((always_inline))

// kWidth doubles as one value of the compiler's vector extension.
template <int kWidth>
struct Wide {
    typedef double Values __attribute__((vector_size(kWidth * sizeof(double))));
    typedef std::int64_t Numbers __attribute__((vector_size(kWidth * sizeof(double))));
    static constexpr int kParts = static_cast<int>(kLanes) / kWidth;
};

template <typename V>
ECOM_INLINE void load(const double* from, V& to) {
    std::memcpy(&to, from, sizeof to);
}

// Distances squared of eight points to one centre.
template <int kWidth, int kFeatures>
ECOM_INLINE void distances(const double* const* x, std::size_t i, const double* center,
                           typename Wide<kWidth>::Values* squared) {
    using Values = typename Wide<kWidth>::Values;
    for (int part = 0; part < Wide<kWidth>::kParts; ++part) {
        Values sum{};
        for (int j = 0; j < kFeatures; ++j) {
            Values v;
            load(x[j] + i + part * kWidth, v);
            v -= center[j];
            sum += v * v;
        }
        squared[part] = sum;
    }
}

template <int kWidth, int kFeatures>
ECOM_INLINE double nearest_of(const double* const* x, std::size_t begin, std::size_t end, const double* centers,
                              const ClusterLabel* ids, std::size_t m, ClusterLabel* labels) {
    using Values = typename Wide<kWidth>::Values;
    using Numbers = typename Wide<kWidth>::Numbers;
    constexpr int kParts = Wide<kWidth>::kParts;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    double least = kInfinity;
    for (std::size_t i = begin; i < end; i += kLanes) {
        Values best[kParts];
        Values second[kParts];
        Numbers which[kParts];
        distances<kWidth, kFeatures>(x, i, centers, best);
        for (int part = 0; part < kParts; ++part) {
            which[part] = Numbers{};
            second[part] = Values{} + std::numeric_limits<double>::max();
        }
        for (std::size_t c = 1; c < m; ++c) {
            Values squared[kParts];
            distances<kWidth, kFeatures>(x, i, centers + c * kFeatures, squared);
            const Numbers number = Numbers{} + static_cast<std::int64_t>(c);
            for (int part = 0; part < kParts; ++part) {
                const Numbers nearer = squared[part] < best[part];
                const Values other = nearer ? best[part] : squared[part];
                second[part] = other < second[part] ? other : second[part];
                best[part] = nearer ? squared[part] : best[part];
                which[part] = nearer ? number : which[part];
            }
        }
        std::int64_t found[kLanes];
        std::memcpy(found, which, sizeof found);
        const std::size_t count = std::min(kLanes, end - i);
        for (std::size_t lane = 0; lane < count; ++lane) labels[i + lane] = ids[found[lane]];

        // b - a is at least (b^2 - a^2) / 2b; its square over all points needs no root. What rounding may have
        // made of the difference is taken off first.
        constexpr double kRounding = 1e-13;
        double leads[kLanes];
        for (int part = 0; part < kParts; ++part) {
            Values lead = second[part] * (1.0 - kRounding) - best[part];
            lead = lead > 0.0 ? lead / second[part] * lead : Values{};
            std::memcpy(leads + part * kWidth, &lead, sizeof lead);
        }
        for (std::size_t lane = 0; lane < count; ++lane) least = std::min(least, leads[lane]);
    }
    constexpr double kSafety = 1.0 - 1e-9;
    return m < 2 ? kInfinity : 0.5 * std::sqrt(least) * kSafety;
}

// Lanes beyond the end count as nothing.
template <int kWidth>
ECOM_INLINE void weigh(typename Wide<kWidth>::Values* values, const double* weights, std::size_t i,
                       std::size_t count) {
    alignas(64) double factors[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        factors[lane] = lane >= count ? 0.0 : weights == nullptr ? 1.0 : weights[i + lane];
    for (int part = 0; part < Wide<kWidth>::kParts; ++part) {
        typename Wide<kWidth>::Values factor;
        load(factors + part * kWidth, factor);
        values[part] *= factor;
    }
}

template <int kWidth, int kFeatures, bool kStore>
ECOM_INLINE double approached(const double* const* x, std::size_t begin, std::size_t end, const double* center,
                              const double* weights, double* nearest, double* largest) {
    using Values = typename Wide<kWidth>::Values;
    constexpr int kParts = Wide<kWidth>::kParts;
    Values sums[kParts];
    Values most[kParts];
    for (int part = 0; part < kParts; ++part) sums[part] = most[part] = Values{};
    for (std::size_t i = begin; i < end; i += kLanes) {
        Values squared[kParts];
        distances<kWidth, kFeatures>(x, i, center, squared);
        for (int part = 0; part < kParts; ++part) {
            Values known;
            load(nearest + i + part * kWidth, known);
            squared[part] = squared[part] < known ? squared[part] : known;
        }
        const std::size_t count = end - i;
        if constexpr (kStore) {
            if (count >= kLanes) {
                std::memcpy(nearest + i, squared, sizeof squared);
            } else {
                double values[kLanes];
                std::memcpy(values, squared, sizeof values);
                std::memcpy(nearest + i, values, count * sizeof(double));
            }
        }
        if (weights != nullptr || count < kLanes) {
            if constexpr (kStore) {
                Values present[kParts];
                for (int part = 0; part < kParts; ++part) present[part] = squared[part];
                weigh<kWidth>(present, nullptr, i, count);
                for (int part = 0; part < kParts; ++part)
                    most[part] = present[part] > most[part] ? present[part] : most[part];
            }
            weigh<kWidth>(squared, weights, i, count);
        } else if constexpr (kStore) {
            for (int part = 0; part < kParts; ++part)
                most[part] = squared[part] > most[part] ? squared[part] : most[part];
        }
        for (int part = 0; part < kParts; ++part) sums[part] += squared[part];
    }
    double lanes[kLanes];
    if constexpr (kStore) {
        std::memcpy(lanes, most, sizeof lanes);
        *largest = *std::max_element(lanes, lanes + kLanes);
    }
    std::memcpy(lanes, sums, sizeof lanes);
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

template <int kWidth>
ECOM_INLINE void eight(const double* point, std::size_t d, const double* centers, double* squared) {
    using Values = typename Wide<kWidth>::Values;
    constexpr int kParts = Wide<kWidth>::kParts;
    Values sums[kParts];
    for (int part = 0; part < kParts; ++part) sums[part] = Values{};
    for (std::size_t j = 0; j < d; ++j) {
        for (int part = 0; part < kParts; ++part) {
            Values v;
            load(centers + j * kLanes + static_cast<std::size_t>(part * kWidth), v);
            v -= point[j];
            sums[part] += v * v;
        }
    }
    std::memcpy(squared, sums, sizeof sums);
}

// The kernels of one instruction set: TARGET makes the compiler use it within these functions only.
#define ECOM_BY_FEATURES(CALL)  \
    switch (d) {                \
        case 1: return CALL(1); \
        case 2: return CALL(2); \
        case 3: return CALL(3); \
        default: return CALL(4); \
    }

#define ECOM_KERNELS(NAME, WIDTH, TARGET)                                                                     \
    TARGET double nearest_##NAME(const double* const* x, std::size_t d, std::size_t begin, std::size_t end,   \
                               const double* centers, const ClusterLabel* ids, std::size_t m,                 \
                               ClusterLabel* labels) {                                                        \
        ECOM_BY_FEATURES(ECOM_NEAREST_##WIDTH)                                                                \
    }                                                                                                         \
    TARGET double potential_##NAME(const double* const* x, std::size_t d, std::size_t begin, std::size_t end, \
                                   const double* center, const double* weights, const double* nearest) {      \
        double* known = const_cast<double*>(nearest); /* read only: kStore is false */                        \
        double* largest = nullptr;                                                                            \
        ECOM_BY_FEATURES(ECOM_POTENTIAL_##WIDTH)                                                              \
    }                                                                                                         \
    TARGET double approach_##NAME(const double* const* x, std::size_t d, std::size_t begin, std::size_t end,  \
                                  const double* center, const double* weights, double* known,                 \
                                  double* largest) {                                                          \
        ECOM_BY_FEATURES(ECOM_APPROACH_##WIDTH)                                                               \
    }                                                                                                         \
    TARGET void eight_##NAME(const double* point, std::size_t d, const double* centers, double* squared) {    \
        eight<WIDTH>(point, d, centers, squared);                                                             \
    }                                                                                                         \
    constexpr ClusterKernels k_##NAME = {#NAME, nearest_##NAME, potential_##NAME, approach_##NAME,            \
                                         eight_##NAME};

#define ECOM_NEAREST_2(D) nearest_of<2, D>(x, begin, end, centers, ids, m, labels)
#define ECOM_NEAREST_4(D) nearest_of<4, D>(x, begin, end, centers, ids, m, labels)
#define ECOM_NEAREST_8(D) nearest_of<8, D>(x, begin, end, centers, ids, m, labels)
#define ECOM_POTENTIAL_2(D) approached<2, D, false>(x, begin, end, center, weights, known, largest)
#define ECOM_POTENTIAL_4(D) approached<4, D, false>(x, begin, end, center, weights, known, largest)
#define ECOM_POTENTIAL_8(D) approached<8, D, false>(x, begin, end, center, weights, known, largest)
#define ECOM_APPROACH_2(D) approached<2, D, true>(x, begin, end, center, weights, known, largest)
#define ECOM_APPROACH_4(D) approached<4, D, true>(x, begin, end, center, weights, known, largest)
#define ECOM_APPROACH_8(D) approached<8, D, true>(x, begin, end, center, weights, known, largest)

ECOM_KERNELS(baseline, 2, )
#if defined(__x86_64__)
ECOM_KERNELS(avx2, 4, __attribute__((target("avx2"))))
ECOM_KERNELS(avx512, 8, __attribute__((target("avx512f,avx512dq"))))
#endif

}  // namespace

const ClusterKernels* const* available_cluster_kernels() {
    static const std::array<const ClusterKernels*, 4> available = [] {
        std::array<const ClusterKernels*, 4> found{};
        std::size_t count = 0;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) found[count++] = &k_avx512;
        if (__builtin_cpu_supports("avx2")) found[count++] = &k_avx2;
#endif
        found[count] = &k_baseline;
        return found;
    }();
    return available.data();
}

const ClusterKernels& cluster_kernels() { return *available_cluster_kernels()[0]; }

}  // namespace ecom::core
