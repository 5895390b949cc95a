#pragma once

// What Swift's Glibc module leaves out of Linux: waiting for many descriptors, for other threads and for signals.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
