#include "hosthooks.h"
