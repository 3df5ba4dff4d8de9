//! What every program of the suite shares.
