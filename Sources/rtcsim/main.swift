print("rtcsim")
