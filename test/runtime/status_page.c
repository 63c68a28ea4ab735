/* Prints docs/STATUS.md from the table in pleat.h. */
#include <stdio.h>

#include "runtime/include/pleat/pleat.h"

int main(void) {
  printf("# Status values\n\n"
         "What can fail returns a `pleat_status`; numbers never change. This page is printed by\n"
         "`test/runtime/status_page.c` from the table in `runtime/include/pleat/pleat.h`.\n\n"
         "| number | name | meaning and remedy |\n|---|---|---|\n");
#define ROW(name, number, text) printf("| %d | `PLEAT_STATUS_" #name "` | %s |\n", number, text);
  PLEAT_STATUSES(ROW)
  return 0;
}
