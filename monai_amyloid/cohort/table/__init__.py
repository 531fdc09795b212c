"""Tables as people keep them: workbooks and text files, their headers, dates and grades."""
