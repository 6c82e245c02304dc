/* GNU Readline needs stdio to be there first. */
#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>
