// A coroutine that runs beside its parent on the same loop and is always joined by it: the only way
// a transaction does two things at once. The parent must join() before what the child refers to
// goes away; the destructor checks that it did. Loop thread only.
#pragma once

#include <memory>

#include "core/co.h"
#include "core/result.h"

namespace weir {

class Loop;

class Child {
 public:
  Child(Loop& loop, Co<Result<void>> work);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool done() const;
  // Waits for the end and gives its result. The work must itself be bounded by deadlines.
  Co<Result<void>> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
