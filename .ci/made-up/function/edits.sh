edit bindings/table/library.c '#include "errors.h"' '#include "crc32.h"'
edit bindings/table/library.c '    {OWN("now", RETURNS_VALUE("number")' \
'    {OWN("crc32", RETURNS_VALUE("integer"), "The checksum of gzip.",
        PARAMETERS(
            ARGUMENT("bytes", STRING, "what to sum up", BYTES),
            OPTION("seed", INTEGER, "the sum of what came before", DEFAULT("1"), RANGE(0, 4294967295)))),
     .function = crc32_function},'
replace bindings/README.md 'functions client response is_error array ' 'functions client response is_error array crc32 '
