//! What a program asks of the kernel, in which order: for the few promises
//! that cannot be seen otherwise.
