"""Runs the tests of this folder; the last line says how many passed and failed."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.discover(HERE, pattern="*_test.py"))
# A test with several failing parts is one failed test.
failed = {getattr(case, "test_case", case).id() for case, _ in result.failures + result.errors}
failed.update(case.id() for case in result.unexpectedSuccesses)
passed = max(0, result.testsRun - len(failed) - len(result.skipped))
sys.stderr.flush()
print("%d passed, %d failed" % (passed, len(failed)), flush=True)
sys.exit(1 if failed or passed == 0 else 0)
