// Random numbers that are the same on every machine, for any number of threads.
//
// A stream is named by (seed, stream index). The state is the hash of both, so that neighbouring
// seeds or indexes share nothing: a generator seeded with multiples of its own increment yields
// one stream shifted by one step, which quietly correlates bootstrap samples.
//
// Generator: xoshiro256++ (Blackman and Vigna, 2021, "Scrambled linear pseudorandom number
// generators", ACM TOMS 47:4). Seeding: splitmix64 (Steele, Lea and Flood, 2014).
#pragma once

#include <cmath>
#include <cstdint>

namespace ecom::core {

// A bijection of 64-bit words whose output bits all depend on all input bits.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

class Rng {
public:
    using result_type = std::uint64_t;

    Rng(std::uint64_t seed, std::uint64_t stream) noexcept {
        std::uint64_t x = mix64(mix64(seed + kGolden) ^ (stream * kGolden + 1));
        for (auto& word : state_) word = mix64(x += kGolden);
    }

    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return ~result_type{0}; }

    result_type operator()() noexcept {
        const std::uint64_t result = rotl(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotl(state_[3], 45);
        return result;
    }

    // Uniform on [0, 1) with 53 random bits.
    double uniform() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

    double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }

    // Uniform on {0, ..., n - 1}; n > 0. Unbiased (Lemire, 2019).
    std::uint64_t below(std::uint64_t n) noexcept {
        for (;;) {
            const auto product = static_cast<unsigned __int128>((*this)()) * n;
            const auto low = static_cast<std::uint64_t>(product);
            if (low >= n || low >= (0 - n) % n) return static_cast<std::uint64_t>(product >> 64);
        }
    }

    bool bernoulli(double p) noexcept { return uniform() < p; }

    double exponential(double rate) noexcept { return -std::log1p(-uniform()) / rate; }

    // Standard normal by the polar method (Marsaglia and Bray, 1964).
    double normal() noexcept {
        for (;;) {
            const double u = uniform(-1.0, 1.0);
            const double v = uniform(-1.0, 1.0);
            const double s = u * u + v * v;
            if (s > 0.0 && s < 1.0) return u * std::sqrt(-2.0 * std::log(s) / s);
        }
    }

private:
    static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

    static constexpr std::uint64_t rotl(std::uint64_t x, int k) noexcept {
        return (x << k) | (x >> (64 - k));
    }

    std::uint64_t state_[4];
};

}  // namespace ecom::core
